"""What is asked of a deployment: requests with their lengths, times, conversations and shared prefixes."""
