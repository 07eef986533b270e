export * from './express-app';
