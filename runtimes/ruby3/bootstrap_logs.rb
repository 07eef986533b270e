# frozen_string_literal: true

# Takes over what a handler prints and sends it with the call that printed it, in order with the call's answer.

# What is logged to: a call, or with stream 0 what belongs to none.
class Meter
  BYTES_PER_CALL = 1024 * 1024

  attr_reader :stream
  attr_accessor :log_left, :cut_bytes

  def initialize(stream)
    @stream = stream
    @cut_bytes = 0
    refill
  end

  def refill = @log_left = BYTES_PER_CALL
end

class Logs
  LOG = 10
  FRAME_BYTES = 60 * 1024 # the cap of a LOG frame is 64 KiB

  # @param meter_now gives the meter of the call that runs
  def initialize(wire, meter_now)
    @wire, @meter_now = wire, meter_now
  end

  def write(descriptor, text, meter = @meter_now.call)
    kept = [text.bytesize, meter.log_left].min
    meter.log_left -= kept
    meter.cut_bytes += text.bytesize - kept
    at = 0
    while at < kept
      ending = [at + FRAME_BYTES, kept].min
      ending -= 1 while ending < kept && text.getbyte(ending) & 0xc0 == 0x80 # not inside a character
      @wire.send(LOG, meter.stream, %({"fd":#{descriptor}}), text.byteslice(at, ending - at))
      at = ending
    end
  end

  # Before the answer of a call: says how much was cut, as its last line.
  def finish(meter)
    return if meter.cut_bytes.zero?

    line = "[easyfaas] log cut: #{meter.cut_bytes} bytes over the limit of #{Meter::BYTES_PER_CALL} per call\n"
    @wire.send(LOG, meter.stream, %({"fd":2,"truncatedBytes":#{meter.cut_bytes}}), line)
    meter.cut_bytes = 0
  end

  # Ruby's own methods for output end in `write` of one of the two; they stay what they are in all else, children get the real ones.
  def take_over_output
    logs, wire = self, @wire
    [STDOUT, STDERR].each do |output|
      output.sync = true
      output.define_singleton_method(:write) do |*parts|
        next super(*parts) if wire.is_forked

        text = parts.map { |part| part.to_s.b }.join
        logs.write(fileno, text)
        text.bytesize
      end
    end
    Warning.define_singleton_method(:warn) { |message, **| STDERR.write(message) } # of `warn` and of Ruby itself
  end
end
