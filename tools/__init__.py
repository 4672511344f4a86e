"""What builds and checks the project. Nothing here is shipped."""
