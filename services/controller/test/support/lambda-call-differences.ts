import type { Difference } from './lambda-oracle';

/** Members of answers about calls that are never as on AWS, or not always. */
export const CALL_DIFFERENCES: readonly Difference[] = [
  { path: /^LastModified is [\d.]+, on AWS "datetime"$/, reason: 'recorded as a mask' },
  {
    path: /CodeSha256 is "[^"]+", on AWS "code-sha256"$|^FunctionUrl is .*, on AWS "(function|lambda)-url"$/,
    reason: 'recorded as a mask',
  },
  { path: /^State(TransitionReason)? is /, reason: 'a mapping is in force at once' },
  { path: /^LastProcessingResult is absent/, reason: 'counters of the trigger say more' },
  {
    path: /^FunctionArn is "[^"]+:function:[\w-]+", on AWS "[^"]+:\$LATEST"$/,
    reason: 'a function and its $LATEST are one and the same here',
  },
  { path: /^Payload\.(trace|stackTrace|requestId)/, reason: 'members of another language' },
  { path: /^Payload\.errorType is "Error", on AWS "Exception"/, reason: 'errors of another language' },
  { path: /^logs\.\d+ is "\d{4}-[^\\]+Z\\t/, reason: 'the time of a line is recorded without a mask' },
  { path: /^InvokeMode is "BUFFERED", on AWS absent/, reason: 'recorded before there were modes' },
  { path: /^Type is "User", on AWS absent$/, reason: 'AWS leaves it out of one of its own texts' },
];

/** Single steps. */
export const DIFFERENT_CALL_STEPS: Readonly<Record<string, string>> = {
  'TestLambdaUrl::test_url_config_exceptions delete_function_url_config_qualifier_alias_doesnotmatch_arn': 'AWS fails inside',
};

/** Cases as a whole. */
export const DIFFERENT_CALL_CASES: readonly { cases: RegExp; reason: string }[] = [
  { cases: /^TestLambdaMultiAccounts::|_custom_id|_headers_and_status$/, reason: 'nothing was recorded' },
  {
    cases: /test_lambda_cache_local\[python\]|test_invocation_with_logs\[python/,
    reason: 'the conformance suite runs it in Python; what is said of it over HTTP is the same as for Node.js',
  },
  {
    cases: /test_lambda_concurrency_block$|_provisioned_|test_provisioned_concurrency$/,
    reason: 'provisioned containers are a floor and no share of the limit, and there as soon as they are warm',
  },
  {
    cases: /runtime_introspection|init_environment|assume_role/,
    reason: 'the inside of a container is not that of AWS, and there are no roles',
  },
  {
    cases: /test_lambda_runtime_exit_segfault$/,
    reason: 'a crash is told at once, as Runtime.ExitError with its signal, and not by the timeout',
  },
  {
    cases: /test_async_invoke_queue_upon_function_update$/,
    reason: 'events run at the same time as far as there is room: their order is not promised',
  },
  { cases: /test_lambda_handler_update$/, reason: "part of the control plane's tests: a change is in force at once" },
  { cases: /test_function_url_with_response_streaming$/, reason: 'over the whole stack: test/e2e/lambda-invoke.test.ts' },
  { cases: /test_lambda_url_echo_http_fixture_trim_x_headers$/, reason: 'the recorded function reads what a front of AWS adds' },
  {
    cases: /test_create_event_source_self_managed$|test_create_event_filter_criteria_validation$/,
    reason: 'there is no Kafka and no DynamoDB',
  },
  { cases: /test_oversized_request_create_lambda$/, reason: 'the limit is the same; how it is told is a test of the control plane' },
  { cases: /test_tag_exceptions\[event_source_mapping\]$/, reason: 'mappings have no tags' },
  { cases: /test_event_source_mapping_lifecycle$/, reason: 'recorded with a DynamoDB stream' },
];
