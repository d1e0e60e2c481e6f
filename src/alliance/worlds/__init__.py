"""Simulated worlds with a known truth: people, sessions, what goes unseen, and what is true; the example study is one of them."""
