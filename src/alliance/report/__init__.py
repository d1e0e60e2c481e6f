"""What people read: figures, tables, sentences, and the page that joins them."""
