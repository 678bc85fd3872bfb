"""Messages: an outbox, e-mail, webhooks, calendar files. Sends what a feature's event handler asks it to send."""
