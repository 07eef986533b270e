# frozen_string_literal: true

# The runtime process of ruby3: dials out to the controller, loads the user's handler, runs calls (docs/protocol.md).
require 'json'
require 'monitor'
require_relative 'bootstrap_call'
require_relative 'bootstrap_handler'
require_relative 'bootstrap_logs'
require_relative 'bootstrap_memory'
require_relative 'bootstrap_threads'
require_relative 'bootstrap_wire'

class Bootstrap
  HELLO, INIT, INIT_DONE, INIT_ERROR, INVOKE, RESULT, ERROR = 1, 2, 3, 4, 5, 6, 7
  CANCEL, PING, PONG, UPDATE = 11, 14, 15, 18
  LAYER_FOLDER = '/opt/ruby/lib'

  def initialize
    @token = ENV.delete('EASYFAAS_TOKEN').to_s
    @wire = Wire.new(ENV.delete('EASYFAAS_SOCKET') || '/run/easyfaas/controller.sock', method(:on_attached), method(:on_frame))
    @logs = Logs.new(@wire, method(:meter_now))
    @calls = {} # stream -> call of this connection that is not answered
    @unbound = Meter.new(0)
    @generation = @unsettled = 0 # generation of the connection: answers of calls from an older one are dropped
    @threads = Threads.new { |call, body| run_in_thread(call, body) }
  end

  def serve
    @logs.take_over_output
    guard_forks
    @wire.attach
    require 'rubygems' # takes long; now nobody waits
    loop do
      next if @wire.read

      exit!(0) if @wire.is_forked # a child that the handler forked and let return
      @wire.attach
    end
  rescue SystemExit => e
    exit_now(e)
  end

  private

  def guard_forks
    wire = @wire
    hook = Module.new { define_method(:_fork) { super().tap { |pid| wire.after_fork if pid.zero? } } }
    Process.singleton_class.prepend(hook)
  end

  def meter_now
    call = @only || Thread.current.thread_variable_get(:easyfaas_call)
    call && @calls[call.stream].equal?(call) ? call : @unbound
  end

  # ---- INIT ----
  def init(header)
    return send_init_error(Failure.new('Runtime.ProtocolViolation', 'a second INIT')) if @config

    started = CLOCK.call(Process::CLOCK_MONOTONIC)
    @config = header
    adopt(header)
    @handler = Handler.load(header['handler'], header['taskRoot'])
    @wire.send(INIT_DONE, 0, GENERATE.call(initMs: ((CLOCK.call(Process::CLOCK_MONOTONIC) - started) * 1000).round(3)))
  rescue SystemExit => e
    exit_now(e)
  rescue Exception => e # whatever user code raises
    send_init_error(e)
  end

  def adopt(header)
    ENV.update(header['env'])
    Dir.chdir(header['taskRoot'])
    $LOAD_PATH.unshift(header['taskRoot'])
    $LOAD_PATH.insert(1, LAYER_FOLDER) if header['layersRoot']
  end

  def send_init_error(error)
    described = Handler.describe(error)
    @wire.send(INIT_ERROR, 0, GENERATE.call(errorType: described[:errorType]), GENERATE.call(described))
  end

  # ---- INVOKE ----
  def invoke(stream, header, body)
    return if @handler.nil? # INIT_ERROR has answered it

    call = @calls[stream] = Call.new(stream, header, @generation, @config['concurrency'] != 1)
    @wire.lock.synchronize { @unsettled += 1 }
    @logs.finish(@unbound)
    @unbound.refill
    return @threads.run(call, body) if call.is_shared

    @only = call
    run(call, body) # in the main thread: signals work there, and no other call can come meanwhile
    @only = nil
  end

  def run_in_thread(call, body)
    Thread.current.thread_variable_set(:easyfaas_call, call)
    call.start_meter
    run(call, body)
  end

  def run(call, body)
    result, more = marshal(@handler.call(read_event(call.header['contentType'], body), Context.new(call, @config)))
    settle(call, RESULT, more, result)
  rescue SystemExit => e
    exit_now(e)
  rescue Exception => e # whatever user code raises
    described = Handler.describe(e, call.request_id)
    settle(call, ERROR, { errorType: described[:errorType] }, GENERATE.call(described))
  end

  # Sends the answer of a call, if anybody still waits for it.
  def settle(call, type, header, body)
    @wire.lock.synchronize do
      @unsettled -= 1
      return if call.generation != @generation

      if Memory.new_kills?(type == ERROR)
        @logs.write(2, "[easyfaas] the kernel ended a child process: the container ran out of memory (#{@config['memoryMb']} MB)\n", call)
      end
      @logs.finish(call)
      @calls.delete(call.stream)
      @wire.send(type, call.stream, GENERATE.call(header.merge(call.figures)), body)
    end
  end

  # ---- The connection ----
  def on_attached
    @generation += 1
    @calls.clear
    hello = { protocol: 1, role: 'runtime', pid: Process.pid, runtime: 'ruby3', runtimeVersion: RUBY_VERSION, token: @token }
    @wire.send(HELLO, 0, GENERATE.call(hello.merge(initialized: !@handler.nil?, inFlight: @unsettled)))
  end

  def on_frame(type, stream, header, body)
    case type
    when INVOKE then invoke(stream, header, body)
    when INIT then init(header)
    when PING then @wire.send(PONG, stream, '{}')
    when CANCEL then @calls[stream]&.is_cancelled = true
    when UPDATE then update(header) if @config
    end
  end

  def update(header)
    @config.update(header)
    ENV.update(header['env'])
  end

  # SystemExit, wherever it was raised: ends the process as `exit` ends a program.
  def exit_now(error)
    [*@calls.values, @unbound].each { |meter| @logs.finish(meter) } unless @wire.is_forked
    exit!(error.status)
  end
end

Bootstrap.new.serve
