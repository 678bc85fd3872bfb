"""Who comes to a meetup: places, waiting list, wishes, attendance, what people say after it."""
