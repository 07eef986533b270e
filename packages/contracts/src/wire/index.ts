export * from './errors';
export * from './frames';
export * from './function';
export * from './funclet-api';
export * from './limits';
export * from './messages';
export * from './record';
export * from './runtime-manifest';
