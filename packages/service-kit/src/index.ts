export * from './clock';
export * from './deadline';
export * from './env-reader';
export * from './lifecycle';
export * from './logger';
export * from './metrics';
export * from './service-error';
export * from './single-flight';
