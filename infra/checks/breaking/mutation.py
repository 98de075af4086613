"""A small change that somebody could make by mistake, and what a gate must say of it."""

from dataclasses import dataclass

from gates.tree import Tree


@dataclass(frozen=True)
class Mutation:
    """`old` becomes `new` in `file`; then `gate` must have a finding that contains `says` and that it has not without the change."""

    name: str
    gate: str
    file: str
    old: str
    new: str
    says: str
    # The environment whose plan shows it; none for what is no Terraform.
    environment: str = ""

    def fits(self, tree: Tree) -> bool:
        """Whether the text is there, and once."""
        return (tree.root / self.file).is_file() and (tree.root / self.file).read_text().count(self.old) == 1

    def apply(self, tree: Tree) -> None:
        """Make the change."""
        path = tree.root / self.file
        text = path.read_text()
        if text.count(self.old) != 1:
            raise AssertionError(f"{self.name}: {self.file} has {self.old!r} {text.count(self.old)} times, not once")
        path.write_text(text.replace(self.old, self.new))
