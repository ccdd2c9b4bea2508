"""Templates of ``brownout new-plugin``: the files of a distribution, with ``$name``, ``$package`` and ``$thing``."""
