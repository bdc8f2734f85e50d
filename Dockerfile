# The emulator as a container: docker build -t partner-central . && docker run --rm -p 8080:8080 partner-central
# Another container that calls it by a name needs --allow-host NAME, after the image's name.

FROM python:3.13-slim AS build
WORKDIR /project
COPY pyproject.toml LICENSE NOTICE ./
COPY codegen codegen
COPY service-model service-model
COPY emulator-package emulator-package
COPY src src
RUN python -m venv /emulator && /emulator/bin/pip install --no-cache-dir '.[cli]' ./emulator-package

FROM python:3.13-slim
COPY --from=build /emulator /emulator
ENV PATH="/emulator/bin:$PATH" PYTHONUNBUFFERED=1
# Not root. A volume for --state must be writable for this user.
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/_emulator/ready', timeout=2)"]
ENTRYPOINT ["python", "-m", "aiopartnercentral.emulator", "--host", "0.0.0.0", "--port", "8080"]
CMD ["--access-log", "--log-format", "json"]
