"""A component as a suite file names it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

NAME = r"^[\w(+][\w .,:+/()=-]*$"
Name = Annotated[str, Field(pattern=NAME, max_length=80)]


def or_bare_name(schema: dict[str, Any]) -> None:
    """In the JSON schema, let a name stand for the mapping that holds nothing else."""
    mapping = dict(schema)
    schema.clear()
    schema["anyOf"] = [{"type": "string"}, mapping]


class Strict(BaseModel):
    """A mapping in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Use(BaseModel):
    """A component by name, with its options beside it: ``{use: mlp, hidden: [64]}``, or just ``mlp``."""

    model_config = ConfigDict(extra="allow", frozen=True, json_schema_extra=or_bare_name)

    use: str

    @model_validator(mode="before")
    @classmethod
    def _bare_name(cls, value: Any) -> Any:
        return {"use": value} if isinstance(value, str) else value

    @property
    def options(self) -> dict[str, Any]:
        """What stands beside ``use``."""
        return dict(self.model_extra or {})
