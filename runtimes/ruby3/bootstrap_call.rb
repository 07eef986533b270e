# frozen_string_literal: true

# One call: its event, its context and its result as bytes.
require 'json'
require_relative 'bootstrap_handler'
require_relative 'bootstrap_logs'

# Kept from before user code ran, which may replace them.
CLOCK = Process.method(:clock_gettime)
GENERATE = JSON.method(:generate)
PARSE = JSON.method(:parse)

class Call < Meter
  attr_reader :header, :generation, :is_shared
  attr_accessor :is_cancelled

  def initialize(stream, header, generation, is_shared)
    super(stream)
    @header, @generation, @is_shared = header, generation, is_shared
    @deadline = CLOCK.call(Process::CLOCK_MONOTONIC) + header['remainingMs'] / 1000.0
    start_meter unless is_shared
  end

  # Where calls share the process each has a thread, whose processor time is the call's.
  def start_meter = @cpu_before = cpu_s

  def request_id = header['requestId']

  def remaining_ms = [0, ((@deadline - CLOCK.call(Process::CLOCK_MONOTONIC)) * 1000).to_i].max

  # Members of RESULT's or ERROR's header.
  def figures
    peak_kb = File.read('/proc/self/status')[/^VmHWM:\s+(\d+)/, 1].to_i
    { nonce: header['nonce'], cpuMs: ((cpu_s - @cpu_before) * 1000).round(3), maxRssKb: peak_kb }
  end

  private

  def cpu_s = CLOCK.call(is_shared ? Process::CLOCK_THREAD_CPUTIME_ID : Process::CLOCK_PROCESS_CPUTIME_ID)
end

# What a handler gets as `context`; the names are AWS Lambda's, besides `request_id`, `traceparent`, `tracestate` and `cancelled?`.
class Context
  attr_reader :aws_request_id, :function_name, :function_version, :invoked_function_arn, :memory_limit_in_mb, :client_context, :traceparent, :tracestate
  alias request_id aws_request_id

  def initialize(call, config)
    header = call.header
    @call = call
    @aws_request_id = call.request_id
    @function_name, @function_version = config.values_at('functionName', 'functionVersion')
    @invoked_function_arn = header['functionArn'] || config['functionArn']
    @memory_limit_in_mb = config['memoryMb'].to_s
    @traceparent = header['traceparent']
    @tracestate = header['tracestate']
    @client_context = parse(header['clientContext'], 'the client context') if header['clientContext']
  end

  def get_remaining_time_in_millis = @call.remaining_ms

  # Whether the controller has cancelled this call.
  def cancelled? = @call.is_cancelled
end

RESULT_BYTES_MAX = 6 * 1024 * 1024
NESTING_MAX = 512

def parse(text, what)
  PARSE.call(text.force_encoding(Encoding::UTF_8), max_nesting: NESTING_MAX)
rescue JSON::ParserError, EncodingError => e
  raise Failure.new('Runtime.UnmarshalError', "#{what} is not JSON: #{e.message[0, 1000].scrub}")
end

# JSON unless the content type says something else; nothing at all is nil.
def read_event(content_type, body)
  return body unless content_type.nil? || content_type.match?(%r{[/+]json\b}i)

  body.empty? ? nil : parse(body, 'the event')
end

# @return the result's bytes, and what its header says more than an error's; a binary String is sent as it is
def marshal(result)
  is_bytes = result.is_a?(String) && result.encoding == Encoding::BINARY
  body = is_bytes ? result : to_json_text(result)
  if body.bytesize > RESULT_BYTES_MAX
    raise Failure.new('Function.ResponseSizeTooLarge', "Response payload size exceeded maximum allowed payload size (#{RESULT_BYTES_MAX} bytes).")
  end

  [body, is_bytes ? { contentType: 'application/octet-stream' } : {}]
end

def to_json_text(result)
  GENERATE.call(result, max_nesting: NESTING_MAX)
rescue StandardError, SystemStackError => e
  raise Failure.new('Runtime.MarshalError', "Unable to marshal response: #{e.message[0, 1000].scrub}")
end
