"""Run every benchmark: python -m benchmarks."""

import importlib
import pkgutil

import benchmarks

for module in sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name != "__main__"):
    print(f"== {module}")
    importlib.import_module(f"benchmarks.{module}").main()
