"""A client of the portal's API for Python: it loads nothing of the server, neither Flask nor a database.

from portal.client.portal import Portal

portal = Portal("https://portal.example.com", token)
for project in portal.account("MAG000000123").projects():
    print(project.name, [space.id for space in project.data_spaces])
"""
