# docker build -t vibench .
# docker run -p 127.0.0.1:8050:8050 -v vibench:/data -e VIBENCH_TOKEN=... vibench

FROM python:3.11-slim AS build
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PATH=/opt/vibench/bin:$PATH
RUN python -m venv /opt/vibench
WORKDIR /app
COPY requirements.in requirements.lock ./
# An empty TORCH_INDEX means what pip is configured for.
RUN grep '^torch==' requirements.in > torch.in \
    && pip install --no-deps ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} -r torch.in \
    && pip install --no-deps --require-hashes -r requirements.lock
COPY . .
RUN pip install --no-deps --no-build-isolation --editable . \
    && pip check \
    && python -m compileall -q . \
    && chmod -R a+rX .

FROM python:3.11-slim
RUN useradd --uid 10001 --create-home vibench && install -d -o vibench -g vibench /data
COPY --from=build /opt/vibench /opt/vibench
COPY --from=build /app /app
# Beyond this machine Vibench answers only who knows the token: start the container with VIBENCH_TOKEN.
ENV PATH=/opt/vibench/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    VIBENCH_HOST=0.0.0.0 \
    VIBENCH_PORT=8050 \
    VIBENCH_WORKSPACE=/data
WORKDIR /data
USER 10001
VOLUME /data
EXPOSE 8050
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"VIBENCH_PORT\"]}/health', timeout=4)"]
ENTRYPOINT ["vibench"]
CMD ["serve"]
