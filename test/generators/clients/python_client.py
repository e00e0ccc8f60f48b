"""openapi-python-client: one project from its creation to its return from the trash."""

import os

from onetrip_client import AuthenticatedClient
from onetrip_client.api.projects import (
    create_project,
    delete_project,
    get_project,
    list_projects,
    restore_project,
    update_project,
)
from onetrip_client.models import (
    CreateProject,
    Metadata,
    NewSubtask,
    NewTask,
    Problem,
    ProjectStatus,
    UpdateProject,
)

client = AuthenticatedClient(base_url=os.environ["ORIGIN"], token=os.environ["TOKEN"])
task = NewTask(title="Book", subtasks=[NewSubtask(title="Pay")])
metadata = Metadata.from_dict({"seats": [1, {"window": True}]})

made = create_project.sync_detailed(client=client, body=CreateProject(name="Trip", metadata=metadata, tasks=[task]))
assert made.status_code == 201, made
project_id = made.parsed.id

got = get_project.sync_detailed(project_id, client=client)
assert [task.title for task in got.parsed.tasks] == ["Book", "Pay"], got
assert got.parsed.metadata.to_dict() == {"seats": [1, {"window": True}]}, got

page = list_projects.sync(client=client, limit=1)
assert (page.data[0].name, page.page.has_more) == ("Trip", False), page


def update(status):
    body = UpdateProject(status=status)
    return update_project.sync_detailed(project_id, client=client, body=body, if_match=got.headers["ETag"])


assert update(ProjectStatus.ARCHIVED).parsed.status == ProjectStatus.ARCHIVED
stale = update(ProjectStatus.ACTIVE)
assert stale.status_code == 412, stale
assert isinstance(stale.parsed, Problem), stale
assert (stale.parsed.code, stale.parsed.current_version) == ("precondition_failed", 2), stale

assert delete_project.sync_detailed(project_id, client=client).status_code == 204
assert len(restore_project.sync(project_id, client=client).tasks) == 2
