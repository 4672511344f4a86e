"""Know the files that run code when they are loaded, without loading them.

A pickle is a program: joblib, `torch.save` and arrays of objects are pickles inside. pickletools
reads a pickle's words one by one and runs none; nothing here ever unpickles anything.
"""

from __future__ import annotations

import io
import pickletools
import warnings
import zipfile
import zlib
from typing import Final

from counterfoil.errors import InputError

__all__ = ["is_pickle", "names_objects", "refuse_suspects", "zip_members"]

_PROTOCOLS: Final = range(2, 6)
_IMPORTS: Final = frozenset(["GLOBAL", "STACK_GLOBAL", "INST"])
_CALLS: Final = frozenset(["REDUCE", "OBJ", "INST", "NEWOBJ", "NEWOBJ_EX", "BUILD"])
_COMPRESSED: Final = (
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"\x04\x22\x4d\x18",
    b"\x28\xb5\x2f\xfd",
)
_ZIP: Final = b"PK\x03\x04"
_NPY: Final = b"\x93NUMPY"
_HDF5: Final = b"\x89HDF\r\n\x1a\n"
_MEMBERS_MAX: Final = 100_000
_UNPACKED_MAX_BYTES: Final = 4 << 30
_LOOK_BYTES: Final = 1 << 20

_CONVERT: Final = (
    "Convert it where it was made: skl2onnx.to_onnx(model, X), torch.onnx.export(...), "
    "skops.io.dump(model, path) for scikit-learn, booster.save_model(path) for LightGBM."
)


def refuse_suspects(data: bytes, name: str) -> None:
    """Refuse bytes that run code when they are loaded, or may hide such.

    name: what to call them. Raises InputError with code model.pickle, model.objects, model.packed
    or model.zip.
    """
    if is_pickle(data):
        raise InputError(
            "model.pickle",
            f"expected a model that holds no code, found a pickle in {name}",
            hint=_CONVERT,
        )
    if data[:2] == b"\x78\x01" or data[:2] in (b"\x78\x5e", b"\x78\x9c", b"\x78\xda"):
        raise _packed(name)  # zlib, as joblib.dump(compress=...) writes it
    if data.startswith(_COMPRESSED):
        raise _packed(name)
    if data.startswith(_NPY) and names_objects(data):
        raise InputError(
            "model.objects",
            f"expected numbers in {name}, found an array of Python objects: a pickle",
            hint="Save it with a numeric dtype. " + _CONVERT,
        )
    if data.startswith(_HDF5):
        raise InputError(
            "model.format",
            f"expected a model that holds no code, found HDF5 in {name}",
            hint="Keras can hide Python code in it: export ONNX with model.export(path, "
            "format='onnx').",
        )
    if data.startswith(_ZIP):
        for member, content in zip_members(data, name):
            refuse_suspects(content, f"{name}: {member}")


def is_pickle(data: bytes) -> bool:
    """Tell whether bytes are a pickle, or begin with one.

    Protocols 2 to 5 say so in their first byte; 0 and 1 are known by reading their words.
    """
    if len(data) > 1 and data[0] == 0x80 and data[1] in _PROTOCOLS:
        return True
    words: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes in what may be no string at all
        try:
            for opcode, _, at in pickletools.genops(data[:_LOOK_BYTES]):
                words.append(opcode.name)
                if opcode.name == "STOP" and len(words) > 1 and not data[(at or 0) + 1 :].strip():
                    return True
        except (ValueError, UnicodeError, EOFError, IndexError, OverflowError):
            pass  # what it did until here it would have done
    return not _IMPORTS.isdisjoint(words) and not _CALLS.isdisjoint(words)


def names_objects(data: bytes) -> bool:
    """Tell whether the header of a .npy file names a dtype that holds Python objects."""
    header = data[8 : 8 + 65536]
    return b"O'" in header.partition(b"'fortran_order'")[0]


def zip_members(data: bytes, name: str) -> list[tuple[str, bytes]]:
    """Read the members of a zip file: (name, bytes).

    Raises InputError with code model.zip when it is damaged, encrypted or unpacks to gigabytes.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            listed = archive.infolist()
            total = sum(member.file_size for member in listed)
            if len(listed) > _MEMBERS_MAX or total > _UNPACKED_MAX_BYTES:
                raise _zip(name, f"{len(listed)} members of {total} bytes: too many")
            return [(member.filename, archive.read(member)) for member in listed]
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError) as err:
        raise _zip(name, f"one that cannot be read: {err}") from err
    except (ValueError, OverflowError) as err:  # of odd headers
        raise _zip(name, f"one that cannot be read: {err}") from err


def _packed(name: str) -> InputError:
    return InputError(
        "model.packed",
        f"expected a model as it is, found compressed bytes in {name}",
        hint="Unpack it. joblib's compressed files are pickles: " + _CONVERT,
    )


def _zip(name: str, found: str) -> InputError:
    return InputError(
        "model.zip",
        f"expected a whole zip file in {name}, found {found}",
        hint="Write the model anew, for example with skops.io.dump(model, path).",
    )
