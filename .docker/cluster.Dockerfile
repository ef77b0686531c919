# The image of pipeline/cluster/kuberay.yaml, on that of Dockerfile: docker build -t sana-cluster - < .docker/cluster.Dockerfile
# Not built.

FROM sana
USER root
RUN pip install --no-cache-dir -r pipeline/cluster/requirements.txt
USER sana
