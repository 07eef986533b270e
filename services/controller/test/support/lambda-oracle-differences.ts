import type { Difference } from './lambda-oracle';

/** Members that are never as on AWS, or not always. */
export const DIFFERENCES: readonly Difference[] = [
  { path: /^(.*\.)?RuntimeVersionConfig is absent/, reason: 'a runtime is an image of this machine; there are no versions of it to pin' },
  { path: /^(.*\.)?EphemeralStorage\.Size is 64, on AWS 512$/, reason: 'files in /tmp count toward memory: it has 64 MB unless set' },
  {
    path: /^(.*\.)?Environment(\.Variables)?(\.\w+)? is ("\*\*\*\*"|"\*+"|absent)/,
    reason: 'values of the environment are written, never read; an empty one is not told from none',
  },
  { path: /^Code\.(Location|RepositoryType) is /, reason: 'packages are not handed out' },
  { path: /^Content\.Location is absent/, reason: 'packages of layers are not handed out' },
  { path: /^CompatibleArchitectures is absent/, reason: "there is one architecture, the machine's" },
  {
    path: /^(.*\.)?LastUpdateStatus is "Successful", on AWS "InProgress"|^(.*\.)?LastUpdateStatusReason(Code)? is (absent|"Updating"|"The new code)/,
    reason: 'a change that needs no unpacking is in force at once, and unpacking is told in our words',
  },
  { path: /^StateReason is "The function is being created: /, reason: 'the reason says what is being done' },
  { path: /^Type is "User", on AWS absent$/, reason: 'AWS leaves it out of one of its own texts' },
  { path: /^AccountLimit/, reason: 'recorded as names of members; code of an account has no total limit here' },
  { path: /^AccountUsage/, reason: 'recorded as names of members' },
  { path: /^text is "The account \d{12} is not the one of this key.", on AWS null/, reason: 'words where AWS has none' },
  {
    path: /^text is "Value \S+ at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[nodejs20\.x, python3\.12\]/,
    reason: 'the runtimes are those of this machine',
  },
  { path: /^message is "Value \S+ at 'runtime' failed/, reason: 'the runtimes are those of this machine' },
];

/** Cases as a whole. */
export const DIFFERENT_CASES: readonly { cases: RegExp; reason: string }[] = [
  { cases: /^TestLambdaImages::/, reason: 'functions are packages; images are refused in words' },
  { cases: /^TestLambdaSnapStart::/, reason: 'there are no snapshots; SnapStart other than None is refused' },
  {
    cases: /^TestLambdaPermissions::(?!test_permission_exceptions)/,
    reason: 'there are no resource policies but what function URLs say: scopes of keys and triggers say who may call',
  },
  { cases: /test_lambda_code_location_s3$|test_layer_s3_content$/, reason: 'there is no S3 to read from' },
  { cases: /test_invalid_vpc_config_security_group$/, reason: 'there are no VPCs; VpcConfig is refused' },
  { cases: /^TestLoggingConfig::/, reason: 'logs are text; LogFormat JSON is refused' },
  { cases: /^TestRuntimeValidation::/, reason: 'the runtimes are those of this machine: others are not known, whatever AWS had once' },
  { cases: /test_layer_compatibilities\[runtimes2\]$/, reason: 'names runtimes that this machine may not have' },
  { cases: /^TestPartialARNMatching::/, reason: 'nothing was recorded' },
];

/** Single steps. */
const LAYER_POLICY = 'layers are for one account; there is nobody to share them with';
const POLICY = 'TestLambdaLayer::test_layer_policy_lifecycle';
export const DIFFERENT_STEPS: Readonly<Record<string, string>> = {
  'TestLambdaAlias::test_notfound_and_invalid_routingconfigs create_response':
    'Publish makes a version of code that is known to be good: it is Active at once',
  ...Object.fromEntries(
    [
      'add_policy_s1',
      'get_layer_version_policy',
      'add_policy_s2',
      'get_layer_version_policy_postadd2',
      'remove_s2',
      'get_layer_version_policy_postdeletes2',
    ].map((step) => [`${POLICY} ${step}`, LAYER_POLICY]),
  ),
};

/** Of invocations, function URLs, event source mappings and configurations of events; what is too large is in lambda.int.test.ts. */
export const ANSWERED_ELSEWHERE =
  /test_oversized_request|url|event_invoke_config|event_source|EventSource|invoke\]|test_invalid_invoke|Url|test_permission_exceptions/;
