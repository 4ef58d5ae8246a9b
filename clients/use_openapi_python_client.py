"""The client of openapi-python-client: `python3 use_openapi_python_client.py <address> <email>`"""

import json
import sys

from generated.python.api.auth import login, register
from generated.python.api.projects import create_project, delete_project, get_project, list_projects, update_project
from generated.python.client import AuthenticatedClient, Client
from generated.python.models import (
    CreateProjectDto,
    Failure,
    LoginDto,
    Message,
    ProjectAnswer,
    ProjectPage,
    RegisterDto,
    SignedInAnswer,
    UpdateProjectDto,
)

base_url, email = sys.argv[1:]
password = "correct horse battery"
anonymous = Client(base_url=base_url)
register.sync(client=anonymous, body=RegisterDto(email=email, password=password))
signed_in = login.sync(client=anonymous, body=LoginDto(email=email, password=password))
assert isinstance(signed_in, SignedInAnswer)
client = AuthenticatedClient(base_url=base_url, token=signed_in.data.access_token)

created = create_project.sync(client=client, body=CreateProjectDto(name="Website"))
assert isinstance(created, ProjectAnswer)
id, version = created.data.id, created.data.version
read = get_project.sync(id, client=client)
assert isinstance(read, ProjectAnswer)
listed = list_projects.sync(client=client, total=True)
assert isinstance(listed, ProjectPage)
updated = update_project.sync(id, client=client, body=UpdateProjectDto(name="Shop"), if_match=f'"{version}"')
assert isinstance(updated, ProjectAnswer)
deleted = delete_project.sync(id, client=client)
assert isinstance(deleted, Message)
absent = get_project.sync(id, client=client)
assert isinstance(absent, Failure)

print(
    json.dumps(
        {
            "read": read.data.name,
            "total": listed.pagination.total,
            "updated": updated.data.version,
            "deleted": deleted.message,
            "code": absent.code,
        }
    )
)
