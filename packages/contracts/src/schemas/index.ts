export * from './funclet-api';
export * from './parse';
export * from './runtime-manifest';
