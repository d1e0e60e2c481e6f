"""What all tests share: one thread for linear algebra, as in every job of the workflow."""

from alliance.runs.threads import use_one_thread

use_one_thread()
