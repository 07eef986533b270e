/** `runtimes/<name>/runtime.json`: what the runner and the controller know about a language. */
export interface RuntimeManifest {
  /** Folder name and the value of a function's `Runtime`. */
  name: string;
  /** What AWS Lambda calls it, such as `nodejs20.x`: understood, and the first one shown, in its dialect. */
  aliases?: string[];
  /** Shown to people, such as `Node.js 20`. */
  title: string;
  /**
   * A running process takes a change of its memory limit (docs/protocol.md, UPDATE). Without this, a function that gets another
   * MemorySize gets new containers.
   */
  liveMemory?: boolean;
  /** Answers can be sent in pieces (docs/protocol.md, CHUNK). Without this a function's answer always comes whole. */
  streaming?: boolean;
  /** What is deployed is a program that speaks the AWS Lambda Runtime API, and not a handler: its entry file is executed. */
  entryIsExecutable?: boolean;
  /** Most calls at once in one container that the language can have; absent: as many as a function may declare. */
  concurrencyMax?: number;
  /** Cold containers kept of its smallest class where EASYFAAS_POOL_MIN names none; absent: 2. */
  poolMin?: number;
  /** Not part of every installation: there when EASYFAAS_RUNTIMES names it. */
  isOptional?: boolean;
  /** Executable of the pre-started process, absolute path inside the image. */
  command: string;
  args: string[];
  /** Environment of the process, besides what the runner sets. */
  env?: Record<string, string>;
  /** Regular expression that a handler must match. */
  handlerPattern: string;
  /** Shown when the handler does not match. */
  handlerExample: string;
  /** Name of the entry file when one source file is uploaded, such as `index.js`. */
  entryFile: string;
  /** Content types under which one source file can be uploaded. */
  sourceContentTypes: string[];
  /** Docker image built from the folder's Dockerfile. */
  image: string;
}
