"""What is built for a pull request, as Pulumi components. Knows nothing of the bot."""
