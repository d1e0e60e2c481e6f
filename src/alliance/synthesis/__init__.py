"""Small cards of what a site found, without anybody's data, and several of them put together (Flückiger et al. 2020, two stages)."""
