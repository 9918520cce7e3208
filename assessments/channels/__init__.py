"""Ways by which alerts reach people: a channel is a file of this folder."""
