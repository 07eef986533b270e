/** Layers: packages that functions share. Members spelled as in AWS Lambda. */

/** What the store keeps of one layer version; its name and number are its place. */
export interface StoredLayerVersion {
  accountId: string;
  layerName: string;
  description: string;
  /** Names of runtimes; empty means any. */
  compatibleRuntimes: string[];
  /** Hex SHA-256 of the zip in the package store. */
  sha256: string;
  sizeBytes: number;
  unpackedBytes: number;
  /** ISO 8601, UTC. */
  createdDate: string;
}

/** As the API shows it. */
export interface LayerVersionView {
  LayerName: string;
  /** `brn:cloud:faas:<region>:<account>:layer:<name>` */
  LayerArn: string;
  /** The same with `:<version>`; what a function's `Layers` names. */
  LayerVersionArn: string;
  Version: number;
  Description: string;
  CompatibleRuntimes: string[];
  CreatedDate: string;
  Content: { CodeSha256: string; CodeSize: number; UnpackedSize: number };
}

/** Body of `POST /v1/layers/{name}/versions`, in its JSON form. */
export interface PublishLayerRequest {
  Content: { ZipFile: string; Sha256?: string };
  Description?: string;
  CompatibleRuntimes?: string[];
}
