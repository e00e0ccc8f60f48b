"""The small API of the peers on FastAPI and SQLAlchemy 2: async, over asyncpg, with response models.

https://fastapi.tiangolo.com/tutorial/response-model/ and …/tutorial/security/oauth2-jwt/,
https://docs.sqlalchemy.org/en/21/orm/extensions/asyncio.html and …/orm/queryguide/relationships.html (selectinload)
"""

import os
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import jwt
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, Text, func, select, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

SECRET = os.environ["JWT_SECRET"]
engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=8, max_overflow=0)
Session = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    """All tables are in one schema."""

    type_annotation_map = {str: Text, datetime: TIMESTAMP(timezone=True), dict[str, Any]: JSONB}


SCHEMA = {"schema": "bench_peers"}


class TaskTag(Base):
    __tablename__ = "task_tags"
    __table_args__ = SCHEMA
    task_id: Mapped[UUID] = mapped_column(ForeignKey("bench_peers.tasks.id"), primary_key=True)
    tag_id: Mapped[UUID] = mapped_column(ForeignKey("bench_peers.tags.id"), primary_key=True)
    tenant_id: Mapped[UUID]


class Tag(Base):
    __tablename__ = "tags"
    __table_args__ = SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    name: Mapped[str]
    color: Mapped[str | None]


class Task(Base):
    __tablename__ = "tasks"
    __table_args__ = SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    tenant_id: Mapped[UUID]
    project_id: Mapped[UUID] = mapped_column(ForeignKey("bench_peers.projects.id"))
    parent_id: Mapped[UUID | None]
    title: Mapped[str]
    description: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="pending")
    priority: Mapped[int] = mapped_column(default=0)
    due_on: Mapped[date | None]
    position: Mapped[float]
    # "metadata" is a name of SQLAlchemy's own.
    meta: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    completed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    tags: Mapped[list[Tag]] = relationship(secondary="bench_peers.task_tags", order_by=Tag.name, viewonly=True)


class Project(Base):
    __tablename__ = "projects"
    __table_args__ = SCHEMA
    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    name: Mapped[str]
    description: Mapped[str | None]
    status: Mapped[str]
    meta: Mapped[dict[str, Any]] = mapped_column("metadata")
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    tasks: Mapped[list[Task]] = relationship(order_by=(Task.position, Task.id))


class Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: UUID


class ShownTag(Shown):
    name: str
    color: str | None


class ShownTask(Shown):
    project_id: UUID
    parent_id: UUID | None
    title: str
    description: str | None
    status: str
    priority: int
    due_on: date | None
    position: float
    meta: dict[str, Any]
    completed_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
    tags: list[ShownTag]


class ShownProject(Shown):
    name: str
    description: str | None
    status: str
    meta: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime
    tasks: list[ShownTask]


class NewTask(BaseModel):
    title: str
    description: str
    tags: list[str]


class TaskPatch(BaseModel):
    title: str
    status: str


async def session():
    async with Session() as opened:
        yield opened


def tenant(authorization: Annotated[str, Header()]) -> UUID:
    try:
        claims = jwt.decode(authorization.removeprefix("Bearer "), SECRET, algorithms=["HS256"])
    except jwt.PyJWTError as error:
        raise HTTPException(401) from error
    return UUID(claims["tenant_id"])


Db = Annotated[AsyncSession, Depends(session)]
Tenant = Annotated[UUID, Depends(tenant)]
WITH_TASKS = selectinload(Project.tasks).selectinload(Task.tags)
WITH_TAGS = selectinload(Task.tags)

app = FastAPI()


def found(row):
    if row is None:
        raise HTTPException(404)
    return row


@app.get("/projects/{project_id}")
async def get_project(project_id: UUID, db: Db, tenant_id: Tenant) -> ShownProject:
    query = select(Project).where(Project.tenant_id == tenant_id, Project.id == project_id).options(WITH_TASKS)
    return found(await db.scalar(query))


@app.get("/projects")
async def list_projects(db: Db, tenant_id: Tenant, limit: int) -> list[ShownProject]:
    query = (
        select(Project)
        .where(Project.tenant_id == tenant_id)
        .order_by(Project.created_at.desc(), Project.id.desc())
        .limit(limit)
        .options(WITH_TASKS)
    )
    return list(await db.scalars(query))


@app.post("/projects/{project_id}/tasks", status_code=201)
async def create_task(project_id: UUID, new: NewTask, db: Db, tenant_id: Tenant) -> ShownTask:
    found(await db.scalar(select(Project.id).where(Project.tenant_id == tenant_id, Project.id == project_id)))
    last = select(func.coalesce(func.max(Task.position), 0) + 1).where(Task.project_id == project_id)
    task = Task(
        tenant_id=tenant_id,
        project_id=project_id,
        title=new.title,
        description=new.description,
        position=last.scalar_subquery(),
    )
    db.add(task)
    await db.flush()
    tags = await db.scalars(select(Tag.id).where(Tag.tenant_id == tenant_id, Tag.name.in_(new.tags)))
    db.add_all(TaskTag(tenant_id=tenant_id, task_id=task.id, tag_id=tag) for tag in tags)
    await db.commit()
    query = select(Task).where(Task.id == task.id).options(WITH_TAGS).execution_options(populate_existing=True)
    return found(await db.scalar(query))


@app.patch("/tasks/{task_id}")
async def update_task(task_id: UUID, patch: TaskPatch, db: Db, tenant_id: Tenant) -> ShownTask:
    query = select(Task).where(Task.tenant_id == tenant_id, Task.id == task_id).options(WITH_TAGS)
    task = found(await db.scalar(query))
    task.title = patch.title
    task.status = patch.status
    task.version += 1
    task.updated_at = datetime.now().astimezone()
    await db.commit()
    return task


@app.get("/tasks")
async def list_tasks(db: Db, tenant_id: Tenant, status: str, limit: int) -> list[ShownTask]:
    query = (
        select(Task)
        .where(Task.tenant_id == tenant_id, Task.status == status)
        .order_by(Task.created_at.desc(), Task.id.desc())
        .limit(limit)
        .options(WITH_TAGS)
    )
    return list(await db.scalars(query))
