export * from './function';
export * from './function-version';
export * from './funclet-api';
export * from './key';
export * from './parse';
export * from './runtime-manifest';
export * from './trigger';
export * from './pool';
