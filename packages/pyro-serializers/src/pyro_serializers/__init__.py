"""The serializers that come with Python Remote Objects.

Nothing here needs to be imported: clients and servers find each one by its name, when it is first used.
"""
