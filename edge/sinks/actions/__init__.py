"""What happens when a label comes or goes: a command, a request to a webhook, a pin."""
