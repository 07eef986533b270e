import type { GuardSpec } from './network-engine';
import { LABELS } from './labels';
import { SECCOMP_PROFILE } from './seccomp-profile';

const MIB = 1024 * 1024;
const MEMORY_BYTES = 64 * MIB;

/**
 * The whole configuration of the guard's container. The host's network and NET_ADMIN are what it is for; it has no mount, no
 * listener, and gets its rules as an argument.
 */
export function guardOptions({ instanceId, imageId, command, fingerprint, labels }: GuardSpec) {
  return {
    Image: imageId,
    User: '0:0',
    Entrypoint: ['/app/egress-guard'],
    Cmd: [...command],
    WorkingDir: '/',
    Env: [] as string[],
    Labels: {
      ...labels,
      [LABELS.egress]: instanceId,
      [LABELS.container]: GUARD_NAME,
      [LABELS.fingerprint]: fingerprint,
    },
    // Plain text in its log instead of framed streams.
    Tty: true,
    OpenStdin: false,
    StopSignal: 'SIGTERM',
    StopTimeout: 2,
    Healthcheck: { Test: ['NONE'] },
    Volumes: {},
    HostConfig: {
      NetworkMode: 'host',
      ReadonlyRootfs: true,
      Privileged: false,
      CapDrop: ['ALL'],
      CapAdd: ['NET_ADMIN'],
      SecurityOpt: ['no-new-privileges:true', `seccomp=${JSON.stringify(SECCOMP_PROFILE)}`],
      Init: true,
      Memory: MEMORY_BYTES,
      MemorySwap: MEMORY_BYTES,
      PidsLimit: 32,
      IpcMode: 'private',
      CgroupnsMode: 'private',
      LogConfig: { Type: 'json-file', Config: { 'max-size': '100k', 'max-file': '2' } },
      RestartPolicy: { Name: 'no' },
      AutoRemove: false,
    },
  };
}

/** Value of the container label: no function container has such an id. */
export const GUARD_NAME = 'egress-guard';
