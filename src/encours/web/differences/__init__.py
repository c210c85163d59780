"""What differences cost: by cause, customer, month and owner, down to the receipt that each one stands on."""
