"""The main job: real clients, a real broker killed in the middle, and a verdict over everything that happened."""
