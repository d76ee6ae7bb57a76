"""Tasks: data with a split, an encoder and the names of its baselines, a file each, and their registry."""

from __future__ import annotations

from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.recognition import open_task
from hrsnn.tasks.registry import TASKS, TaskChoice, load_task
from hrsnn.tasks.task import ClassificationTask, SeriesTask

__all__ = ["TASKS", "ClassificationTask", "SeriesTask", "TaskChoice", "TaskDeclaration", "load_task", "open_task"]
