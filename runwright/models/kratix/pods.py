"""What a pipeline may say of its pod, in Kubernetes' own terms and no others.

Volumes of rare kinds are taken as they are: the API server looks into them when it gets the Job.

Source: Kubernetes, `core/v1`.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StrictBool

from runwright.models.base import StrictWireModel
from runwright.models.values import Int32, Int64, JsonObject

Quantity = Annotated[str | int | float, Field(union_mode="left_to_right")]
"""As `100m` or `128Mi`; a plain number is one too."""


class LocalObjectReference(StrictWireModel):
    """An object of the pod's namespace, of a kind that the context knows."""

    name: str = ""


class KeySelector(LocalObjectReference):
    """One key of a ConfigMap or of a Secret."""

    key: str
    optional: StrictBool | None = None


class FileKeySelector(StrictWireModel):
    """One key of a file of variables."""

    volume_name: str
    path: str
    key: str
    optional: StrictBool | None = None


class ObjectFieldSelector(StrictWireModel):
    """A field of the pod."""

    api_version: str | None = None
    field_path: str


class ResourceFieldSelector(StrictWireModel):
    """A request or a limit of a container."""

    container_name: str | None = None
    resource: str
    divisor: Quantity | None = None


class EnvVarSource(StrictWireModel):
    """Where the value of a variable comes from."""

    field_ref: ObjectFieldSelector | None = None
    resource_field_ref: ResourceFieldSelector | None = None
    config_map_key_ref: KeySelector | None = None
    secret_key_ref: KeySelector | None = None
    file_key_ref: FileKeySelector | None = None


class EnvVar(StrictWireModel):
    """A variable of a container."""

    name: str
    value: str | None = None
    value_from: EnvVarSource | None = None


class OptionalReference(LocalObjectReference):
    """A ConfigMap or a Secret that may be missing."""

    optional: StrictBool | None = None


class EnvFromSource(StrictWireModel):
    """Variables that a ConfigMap or a Secret has together."""

    prefix: str | None = None
    config_map_ref: OptionalReference | None = None
    secret_ref: OptionalReference | None = None


class VolumeMount(StrictWireModel):
    """Where a container finds a volume."""

    name: str
    mount_path: str
    sub_path: str | None = None
    sub_path_expr: str | None = None
    read_only: StrictBool | None = None
    recursive_read_only: str | None = None
    mount_propagation: str | None = None


class Capabilities(StrictWireModel):
    """Capabilities of Linux."""

    add: tuple[str, ...] | None = None
    drop: tuple[str, ...] | None = None


class Profile(StrictWireModel):
    """A profile of seccomp or of AppArmor."""

    type: str
    localhost_profile: str | None = None


class SELinuxOptions(StrictWireModel):
    """The label that SELinux goes by."""

    user: str | None = None
    role: str | None = None
    type: str | None = None
    level: str | None = None


class WindowsOptions(StrictWireModel):
    """What holds on Windows only."""

    gmsa_credential_spec_name: str | None = None
    gmsa_credential_spec: str | None = None
    run_as_user_name: str | None = None
    host_process: StrictBool | None = None


class SecurityContext(StrictWireModel):
    """What a container may do on its node."""

    capabilities: Capabilities | None = None
    privileged: StrictBool | None = None
    se_linux_options: SELinuxOptions | None = None
    windows_options: WindowsOptions | None = None
    run_as_user: Int64 | None = None
    run_as_group: Int64 | None = None
    run_as_non_root: StrictBool | None = None
    read_only_root_filesystem: StrictBool | None = None
    allow_privilege_escalation: StrictBool | None = None
    proc_mount: str | None = None
    seccomp_profile: Profile | None = None
    app_armor_profile: Profile | None = None


class ResourceClaim(StrictWireModel):
    """A claim of the pod that a container uses."""

    name: str
    request: str | None = None


class ResourceRequirements(StrictWireModel):
    """How much a container asks for, and how much it may use."""

    requests: dict[str, Quantity] | None = None
    limits: dict[str, Quantity] | None = None
    claims: tuple[ResourceClaim, ...] | None = None


class TolerationOperator(StrEnum):
    """How a toleration compares."""

    EXISTS = "Exists"
    EQUAL = "Equal"
    LESS = "Lt"
    GREATER = "Gt"


class Toleration(StrictWireModel):
    """A taint of a node that the pod puts up with."""

    key: str | None = None
    operator: TolerationOperator | None = None
    value: str | None = None
    effect: str | None = None
    toleration_seconds: Int64 | None = None


class KeyToPath(StrictWireModel):
    """A key, and the file it becomes."""

    key: str
    path: str
    mode: Int32 | None = None


class ConfigMapVolume(StrictWireModel):
    """The files of a ConfigMap."""

    name: str = ""
    items: tuple[KeyToPath, ...] | None = None
    default_mode: Int32 | None = None
    optional: StrictBool | None = None


class SecretVolume(StrictWireModel):
    """The files of a Secret."""

    secret_name: str | None = None
    items: tuple[KeyToPath, ...] | None = None
    default_mode: Int32 | None = None
    optional: StrictBool | None = None


class EmptyDirVolume(StrictWireModel):
    """A folder that lives as long as the pod."""

    medium: str | None = None
    size_limit: Quantity | None = None


class ClaimVolume(StrictWireModel):
    """A persistent volume, by its claim."""

    claim_name: str
    read_only: StrictBool | None = None


class HostPathVolume(StrictWireModel):
    """A path of the node."""

    path: str
    type: str | None = None


class NFSVolume(StrictWireModel):
    """A path of an NFS server."""

    server: str
    path: str
    read_only: StrictBool | None = None


class ImageVolume(StrictWireModel):
    """The files of an image."""

    reference: str | None = None
    pull_policy: str | None = None


class CSIVolume(StrictWireModel):
    """A volume that a driver makes for the pod."""

    driver: str
    read_only: StrictBool | None = None
    fs_type: str | None = None
    volume_attributes: dict[str, str] | None = None
    node_publish_secret_ref: LocalObjectReference | None = None


class Volume(StrictWireModel):
    """A volume of the pod."""

    name: str
    config_map: ConfigMapVolume | None = None
    secret: SecretVolume | None = None
    empty_dir: EmptyDirVolume | None = None
    persistent_volume_claim: ClaimVolume | None = None
    host_path: HostPathVolume | None = None
    nfs: NFSVolume | None = None
    image: ImageVolume | None = None
    csi: CSIVolume | None = None
    projected: JsonObject | None = None
    ephemeral: JsonObject | None = None
    downward_api: JsonObject | None = Field(
        default=None, validation_alias="downwardAPI", serialization_alias="downwardAPI"
    )
    aws_elastic_block_store: JsonObject | None = None
    azure_disk: JsonObject | None = None
    azure_file: JsonObject | None = None
    cephfs: JsonObject | None = None
    cinder: JsonObject | None = None
    fc: JsonObject | None = None
    flex_volume: JsonObject | None = None
    flocker: JsonObject | None = None
    gce_persistent_disk: JsonObject | None = None
    git_repo: JsonObject | None = None
    glusterfs: JsonObject | None = None
    iscsi: JsonObject | None = None
    photon_persistent_disk: JsonObject | None = None
    portworx_volume: JsonObject | None = None
    quobyte: JsonObject | None = None
    rbd: JsonObject | None = None
    scale_io: JsonObject | None = Field(
        default=None, validation_alias="scaleIO", serialization_alias="scaleIO"
    )
    storageos: JsonObject | None = None
    vsphere_volume: JsonObject | None = None
