"""The commands, thin: translate, call the service, answer."""
