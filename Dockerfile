# hrsnn on processors, with tested versions:
#     docker build --tag hrsnn .
#     mkdir -p results
#     docker run --rm --user "$(id -u)" --volume "$PWD/results:/work/results" hrsnn demo
# Any other command in place of `demo`; files are read and written below /work.
FROM python:3.11-slim

# Brian2 runs its equations in C++ where there is a compiler
RUN apt-get update && apt-get install --yes --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*

WORKDIR /source
# Libraries first: they are installed again only where a version changes
COPY requirements/python3.11.txt requirements/
RUN pip install --no-cache-dir --requirement requirements/python3.11.txt
COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY hrsnn hrsnn
COPY analysis analysis
COPY networks networks
COPY scripts scripts
RUN pip install --no-cache-dir --no-deps --no-build-isolation . && rm -rf /source

# A folder of compiled kernels must belong to the user that runs; a user without a home has none of its own
ENV XDG_CACHE_HOME=/tmp/cache MPLCONFIGDIR=/tmp/matplotlib
WORKDIR /work
ENTRYPOINT ["hrsnn"]
CMD ["--help"]
