./orders
