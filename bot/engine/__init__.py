"""What goes on by itself: submitter, poller, courier, fetcher and janitor, alive in one `TaskGroup`."""
