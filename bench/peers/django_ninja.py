"""Django Ninja in one file: psycopg2, a kept connection a thread, no middleware, DEBUG off."""

import os
from datetime import date, datetime

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

settings.configure(
    DEBUG=False,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ.get("PGDATABASE", ""),
            "USER": os.environ.get("PGUSER", ""),
            "HOST": os.environ.get("PGHOST", ""),
            "PORT": os.environ.get("PGPORT", ""),
            "CONN_MAX_AGE": None,
        }
    },
)
django.setup()

from django.contrib.postgres.fields import ArrayField  # noqa: E402  (they need the settings)
from django.db import models  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.shortcuts import get_object_or_404  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils.timezone import now  # noqa: E402
from ninja import NinjaAPI, Schema  # noqa: E402


class NextId(models.Func):
    """The next number of the table's sequence: Django's own fields number single keys only."""

    function = "nextval"
    template = "%(function)s('tasks_id_seq')"


class Task(models.Model):
    pk = models.CompositePrimaryKey("user_id", "id")
    user_id = models.BigIntegerField()
    id = models.BigIntegerField(db_default=NextId())
    title = models.CharField(max_length=200)
    description = models.TextField(null=True)
    completed = models.BooleanField(default=False)
    completed_at = models.DateTimeField(null=True)
    priority = models.SmallIntegerField(default=0)
    due_date = models.DateField(null=True)
    due_at = models.DateTimeField(null=True)
    tags = ArrayField(models.TextField(), default=list)
    order = models.BigIntegerField(null=True)
    revision = models.BigIntegerField(default=1)
    created_at = models.DateTimeField(default=now)
    updated_at = models.DateTimeField(default=now)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "bench"
        db_table = "tasks"
        managed = False

    def __str__(self) -> str:
        return self.title


class TaskIn(Schema):
    title: str
    description: str | None = None
    completed: bool = False
    priority: int = 0
    due_date: date | None = None
    due_at: datetime | None = None
    tags: list[str] = []  # noqa: RUF012  (pydantic copies it)
    order: int | None = None


class TaskOut(TaskIn):
    id: int
    user_id: int
    completed_at: datetime | None
    revision: int
    created_at: datetime
    updated_at: datetime


CHANGED = ("completed", "completed_at", "updated_at", "revision")
api = NinjaAPI()


@api.get("/{user_id}/tasks", response=list[TaskOut])
def list_tasks(request: HttpRequest, user_id: int, limit: int = 50) -> models.QuerySet[Task]:
    live = Task.objects.filter(user_id=user_id, deleted_at=None)
    return live.order_by("created_at", "id")[:limit]


@api.get("/{user_id}/tasks/{id}", response=TaskOut)
def read_task(request: HttpRequest, user_id: int, id: int) -> Task:
    return get_object_or_404(Task, user_id=user_id, id=id, deleted_at=None)


@api.post("/{user_id}/tasks", response={201: TaskOut})
def create_task(request: HttpRequest, user_id: int, body: TaskIn) -> tuple[int, Task]:
    return 201, Task.objects.create(user_id=user_id, **body.dict())


@api.patch("/{user_id}/tasks/{id}/complete", response=TaskOut)
def toggle_task(request: HttpRequest, user_id: int, id: int) -> Task:
    task = get_object_or_404(Task, user_id=user_id, id=id, deleted_at=None)
    task.completed = not task.completed
    task.updated_at = now()
    task.completed_at = task.updated_at if task.completed else None
    task.revision += 1
    task.save(update_fields=CHANGED)
    return task


urlpatterns = [path("api/", api.urls)]
app = get_wsgi_application()
