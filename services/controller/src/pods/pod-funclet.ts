import { FuncletClient } from '../clients/funclet-client';

export interface PodFuncletOptions {
  /** @throws ServiceError PACKAGE_MISSING */
  ensurePackage: (sha256: string) => Promise<void>;
}

/** The pod's funclet, which finds every package on the pod's disk: what is missing is fetched first. */
export class PodFunclet extends FuncletClient {
  readonly #ensurePackage: PodFuncletOptions['ensurePackage'];

  constructor(socketPath: string, ids: ConstructorParameters<typeof FuncletClient>[1], { ensurePackage }: PodFuncletOptions) {
    super(socketPath, ids);
    this.#ensurePackage = ensurePackage;
  }

  override async warmUp(...[containerId, wish]: Parameters<FuncletClient['warmUp']>): ReturnType<FuncletClient['warmUp']> {
    await Promise.all([wish.codeSha256, ...(wish.layerSha256s ?? [])].map((sha256) => this.#ensurePackage(sha256)));
    return super.warmUp(containerId, wish);
  }

  override async prepareCode(...[codeSha256, wish]: Parameters<FuncletClient['prepareCode']>): Promise<void> {
    await Promise.all([codeSha256, ...(wish.layerSha256s ?? [])].map((sha256) => this.#ensurePackage(sha256)));
    await super.prepareCode(codeSha256, wish);
  }
}
