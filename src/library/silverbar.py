# SPDX-License-Identifier: GPL-3.0-or-later
"""libsilverbar for Python: memristor crossbars at circuit level while they learn.

    import silverbar
    t = silverbar.Training(settings={"seed": 3})      # the 9-3-1 classifier, engine `event`
    y = t.show([1, 1, 1, 0, 1, 0, 0, 1, 0])           # an image; outputs 0 to 1
    t.pulse(0, 0.4, 1e-3)                              # SET device 0; a negative voltage resets
    print(t.read(0), "S", t.energy("training"), "J")

A failure raises silverbar.Error, with `status` as the program's exit status.  numpy arrays are taken
wherever sequences are.  The library is looked for in $SILVERBAR_LIBRARY, beside an installation of
this file, and where the system keeps libraries.
"""
import ctypes
import os

__all__ = ["Circuit", "Engine", "Error", "Training", "version"]


class Error(RuntimeError):
    """`status`: 1 could not be computed, 2 bad input, 3 not trustworthy, 130 interrupted."""

    def __init__(self, text, status):
        super().__init__(text)
        self.status = status


class _Text(ctypes.Structure):
    _fields_ = [("text", ctypes.c_char * 1024)]


class _Options(ctypes.Structure):
    _fields_ = [(name, ctypes.c_double) for name in
                ("reltol", "abstol", "vntol", "step_max", "time_limit")]


class _Stop(ctypes.Structure):
    _fields_ = [("part", ctypes.c_int), ("number", ctypes.c_size_t), ("level", ctypes.c_double),
                ("rising", ctypes.c_int)]


def _candidates():
    name = "libsilverbar.so.0"
    if os.environ.get("SILVERBAR_LIBRARY"):
        yield os.environ["SILVERBAR_LIBRARY"]
        return
    folder = os.path.dirname(os.path.abspath(__file__))
    for _ in range(4):
        folder = os.path.dirname(folder)
        for lib in ("", "lib", "lib/x86_64-linux-gnu", "lib64"):
            yield os.path.join(folder, lib, name)
    yield name


def _load():
    missing = None
    for path in _candidates():
        if "/" not in path or os.path.exists(path):
            try:
                return ctypes.CDLL(path)
            except OSError as error:
                missing = error
    raise ImportError(f"libsilverbar was not found: {missing}; SILVERBAR_LIBRARY may name it")


_lib = _load()
_string, _double, _size, _int = ctypes.c_char_p, ctypes.c_double, ctypes.c_size_t, ctypes.c_int
_handle, _error = ctypes.c_void_p, ctypes.POINTER(_Text)
_doubles = ctypes.POINTER(_double)
_progress = ctypes.CFUNCTYPE(_int, ctypes.c_void_p, _size, _size, _double, _double)

_two = (_handle, _string, _string, _string, _double, _string, _error)
_prototypes = {
    "version": (_string,),
    "circuit_new": (_int, _string, _double, ctypes.POINTER(_handle), _error),
    "circuit_free": (None, _handle),
    "add_resistor": (_int, *_two), "add_capacitor": (_int, *_two),
    "add_inductor": (_int, *_two), "add_voltage": (_int, *_two),
    "add_memristor": (_int, _handle, _string, _string, _string, _string, _double, _error),
    "add_netlist": (_int, _handle, _string, _string, _string, _size, ctypes.POINTER(_string),
                    _string, _error),
    "add_port": (_int, _handle, _string, _string, _double, _double, _error),
    "add_voltage_probe": (_int, _handle, _string, _string, _error),
    "add_current_probe": (_int, _handle, _string, _string, _error),
    "count": (_size, _handle, _int), "name": (_string, _handle, _int, _size),
    "number": (_int, _handle, _int, _string),
    "engine_open": (_int, _handle, _string, ctypes.POINTER(_Options), ctypes.POINTER(_handle),
                    _error),
    "engine_close": (None, _handle),
    "drive": (_int, _handle, _size, _double, _error),
    "open_port": (_int, _handle, _size, _error),
    "phase": (_int, _handle, _string, _string, _double, _double, _size, ctypes.POINTER(_Stop),
              ctypes.POINTER(_int), _error),
    "time": (_double, _handle), "reading": (_double, _handle, _size),
    "voltage": (_double, _handle, _size), "state": (_double, _handle, _size),
    "energy": (_double, _handle, _string, _string, _string),
    "energy_error": (_double, _handle, _string, _string),
    "delivered": (_double, _handle, _string),
    "training_open": (_int, _string, _size, ctypes.POINTER(_string), _size,
                      ctypes.POINTER(_handle), _error),
    "training_close": (None, _handle),
    "training_run": (_int, _handle, _progress, ctypes.c_void_p, _error),
    "training_figure": (_double, _handle, _string),
    "training_devices": (_size, _handle), "training_inputs": (_size, _handle),
    "training_outputs": (_size, _handle),
    "training_place": (_int, _handle, _size, *[ctypes.POINTER(_size)] * 3),
    "training_image": (_int, _handle, _size, _size, _doubles),
    "training_show": (_int, _handle, _doubles, _doubles, _error),
    "training_pulse": (_int, _handle, _size, _double, _double, _error),
    "training_read": (_int, _handle, _size, _doubles, _error),
    "training_energy": (_double, _handle, _string, _string, _string),
    "training_delivered": (_double, _handle, _string), "training_time": (_double, _handle),
}
for _name, (_result, *_arguments) in _prototypes.items():
    _function = getattr(_lib, "silverbar_" + _name)
    _function.restype, _function.argtypes = _result, _arguments


def _text(value):
    return None if value is None else os.fspath(value).encode()


def _call(name, *arguments):
    """Call a function whose last argument is an error; its status is raised unless it is 0."""
    error = _Text()
    status = getattr(_lib, "silverbar_" + name)(*arguments, ctypes.byref(error))
    if status != 0:
        raise Error(error.text.decode(errors="replace"), status)


def _make(name, *arguments):
    handle = _handle()
    _call(name, *arguments, ctypes.byref(handle))
    return handle


def _strings(values):
    values = [_text(value) for value in values]
    return len(values), (_string * len(values))(*values)


def version():
    return _lib.silverbar_version().decode()


class _Owner:
    """A handle that is closed at the end of a `with`, by close(), or with the object."""
    _handle, _end = None, None

    def close(self):
        if self._handle:
            getattr(_lib, "silverbar_" + self._end)(self._handle)
            self._handle = None

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def __del__(self):
        self.close()


_PORT, _PROBE, _NODE, _DEVICE = range(4)


class Circuit(_Owner):
    """Elements between named nodes ("0": ground) and ports that the outside drives."""
    _end = "circuit_free"

    def __init__(self, title="circuit", kelvin=300.15):
        self._handle = _make("circuit_new", _text(title), kelvin)

    def resistor(self, name, p, n, ohm, energy_class="line"):
        _call("add_resistor", self._handle, *map(_text, (name, p, n)), ohm, _text(energy_class))

    def capacitor(self, name, p, n, farad, energy_class="line"):
        _call("add_capacitor", self._handle, *map(_text, (name, p, n)), farad, _text(energy_class))

    def inductor(self, name, p, n, henry, energy_class="line"):
        _call("add_inductor", self._handle, *map(_text, (name, p, n)), henry, _text(energy_class))

    def voltage(self, name, p, n, volt, energy_class="driver"):
        _call("add_voltage", self._handle, *map(_text, (name, p, n)), volt, _text(energy_class))

    def memristor(self, name, p, n, library="Cr", x0=0.0):
        _call("add_memristor", self._handle, *map(_text, (name, p, n, library)), x0)

    def netlist(self, name, file, subcircuit, nodes, energy_class="neuron"):
        _call("add_netlist", self._handle, _text(name), _text(file), _text(subcircuit),
              *_strings(nodes), _text(energy_class))

    def port(self, name, node, ohm=0.0, idle=0.0):
        _call("add_port", self._handle, _text(name), _text(node), ohm, idle)

    def probe(self, name, node):
        _call("add_voltage_probe", self._handle, _text(name), _text(node))

    def current_probe(self, name, source):
        _call("add_current_probe", self._handle, _text(name), _text(source))

    def _names(self, part):
        return [_lib.silverbar_name(self._handle, part, k).decode()
                for k in range(_lib.silverbar_count(self._handle, part))]

    ports = property(lambda self: self._names(_PORT))
    probes = property(lambda self: self._names(_PROBE))
    nodes = property(lambda self: self._names(_NODE))
    devices = property(lambda self: self._names(_DEVICE))

    def _number(self, part, name):
        number = _lib.silverbar_number(self._handle, part, _text(name))
        if number < 0:
            raise KeyError(name)
        return number


class Engine(_Owner):
    """A circuit that runs phase by phase: ngspice, ida or event."""
    _end = "engine_close"

    def __init__(self, circuit, name="event", **options):
        self.circuit = circuit  # it outlives the engine
        self._handle = _make("engine_open", circuit._handle, _text(name),
                             ctypes.byref(_Options(**options)))

    def phase(self, duration, edge=0.0, kind="set", section="training", drive=(), stops=()):
        """Run a phase.  drive: {port: volt, or None for open}, the others stay; stops:
        [("node" or "device", name, level, rising)].  Returns which stop has ended it, or None."""
        numbers = self.circuit._number
        for port, volt in dict(drive).items():
            if volt is None:
                _call("open_port", self._handle, numbers(_PORT, port))
            else:
                _call("drive", self._handle, numbers(_PORT, port), volt)
        parts = {"node": _NODE, "device": _DEVICE}
        array = (_Stop * len(stops))(*[
            _Stop(parts[part], numbers(parts[part], name), level, rising)
            for part, name, level, rising in stops])
        stopped = _int(-1)
        _call("phase", self._handle, _text(kind), _text(section), duration, edge, len(stops),
              array, ctypes.byref(stopped))
        return None if stopped.value < 0 else stopped.value

    @property
    def time(self):
        return _lib.silverbar_time(self._handle)

    def reading(self, probe):
        return _lib.silverbar_reading(self._handle, self.circuit._number(_PROBE, probe))

    def node(self, name):
        return _lib.silverbar_voltage(self._handle, self.circuit._number(_NODE, name))

    def state(self, device):
        return _lib.silverbar_state(self._handle, self.circuit._number(_DEVICE, device))

    def energy(self, section=None, kind=None, energy_class=None):
        """Absorbed [J]; None: of all."""
        return _lib.silverbar_energy(self._handle, *map(_text, (section, kind, energy_class)))

    def energy_error(self, section=None, energy_class=None):
        return _lib.silverbar_energy_error(self._handle, *map(_text, (section, energy_class)))

    def delivered(self, section=None):
        return _lib.silverbar_delivered(self._handle, _text(section))


class Training(_Owner):
    """The classifier of a testbench: run its rule, or decide on every phase yourself."""
    _end = "training_close"

    def __init__(self, file=None, settings=(), sample=0):
        given = [f"{key}={value}" for key, value in dict(settings).items()]
        self._handle = _make("training_open", _text(file), *_strings(given), sample)
        self.devices = _lib.silverbar_training_devices(self._handle)
        self.inputs = _lib.silverbar_training_inputs(self._handle)
        self.outputs = _lib.silverbar_training_outputs(self._handle)

    def run(self, progress=None):
        """Train by the testbench's rule; progress(device, pulses, seconds, joule) may return True
        to end it."""
        raised = []

        def tell(_, *arguments):
            try:
                return 1 if progress and progress(*arguments) else 0
            except BaseException as error:  # it must not cross the library
                raised.append(error)
                return 1
        try:
            _call("training_run", self._handle, _progress(tell), None)
        except Error:
            if raised:
                raise raised[0]
            raise

    def figure(self, name):
        """A figure of summary.json, after run()."""
        return _lib.silverbar_training_figure(self._handle, _text(name))

    def place(self, device):
        """Layer, row, column, from 0."""
        found = [_size() for _ in range(3)]
        if _lib.silverbar_training_place(self._handle, device, *map(ctypes.byref, found)) != 0:
            raise IndexError(device)
        return tuple(number.value for number in found)

    def images(self, class_):
        """Those of class 0 or 1, as lists of pixels."""
        images, pixels = [], (_double * self.inputs)()
        while _lib.silverbar_training_image(self._handle, class_, len(images), pixels) == 0:
            images.append(list(pixels))
        return images

    def show(self, pixels):
        """Outputs, 0 to 1, of an image of pixels from 0 to 1."""
        outputs = (_double * self.outputs)()
        if len(pixels) != self.inputs:
            raise ValueError(f"{len(pixels)} pixels, expected {self.inputs}")
        _call("training_show", self._handle, (_double * self.inputs)(*pixels), outputs)
        return list(outputs)

    def pulse(self, device, volt, width):
        _call("training_pulse", self._handle, device, volt, width)

    def read(self, device):
        siemens = _double()
        _call("training_read", self._handle, device, ctypes.byref(siemens))
        return siemens.value

    @property
    def time(self):
        return _lib.silverbar_training_time(self._handle)

    def energy(self, section=None, kind=None, energy_class=None):
        return _lib.silverbar_training_energy(self._handle,
                                              *map(_text, (section, kind, energy_class)))

    def delivered(self, section=None):
        return _lib.silverbar_training_delivered(self._handle, _text(section))
