export * from './extract-package';
export * from './inspect-package';
export { DEFAULT_PACKAGE_LIMITS, PackageError, type PackageErrorCode, type PackageLimits } from './package-policy';
export * from './zip-files';
