# frozen_string_literal: true

# The runtime's end of the controller's connection: frames in, frames out, dialling anew (docs/protocol.md).
require 'json'
require 'socket'

class Wire
  PREFIX_BYTES = 11 # u32 length | u8 type | u32 stream | u16 header length
  PREFIX = 'NCNn'
  READ_BYTES = 256 * 1024
  RETRY_S_MIN = 0.01
  RETRY_S_MAX = 1
  STABLE_S = 1 # a connection that lived this long was a good one: the back-off starts anew
  UPGRADE = "GET /v1/attach?role=runtime&protocol=1 HTTP/1.1\r\nHost: easyfaas\r\nConnection: Upgrade\r\nUpgrade: easyfaas/1\r\n\r\n"
  PARSE = JSON.method(:parse) # kept from before user code ran, which may replace it
  CLOCK = Process.method(:clock_gettime)

  attr_reader :lock, :is_forked

  # @param on_attached called for each new connection @param on_frame called with type, stream, header and body of each frame
  def initialize(path, on_attached, on_frame)
    @path, @on_attached, @on_frame = path, on_attached, on_frame
    @lock = Monitor.new
    @delay, @attached_at = RETRY_S_MIN, nil
    @is_forked = false
  end

  # Sends one frame; without a connection it is dropped, as the calls of a lost connection have no one who waits.
  # @param header JSON text
  def send(type, stream, header, body = '')
    frame = [7 + header.bytesize + body.bytesize, type, stream, header.bytesize].pack(PREFIX) << header.b << body.b
    @lock.synchronize { @socket&.write(frame) }
  rescue IOError, SystemCallError
    @socket = nil # the reader sees the end, too, and dials again
  end

  # Dials until a controller answers, then says hello.
  def attach
    @delay = RETRY_S_MIN if @attached_at && now - @attached_at > STABLE_S
    until dial
      sleep @delay
      @delay = [RETRY_S_MAX, @delay * 2].min
    end
  end

  # Waits for bytes and handles the frames they complete. @return whether there is still a connection
  def read
    receive(@reader.readpartial(READ_BYTES))
    true
  rescue IOError, SystemCallError
    @lock.synchronize { @socket = nil }
    false
  end

  # A forked child must neither answer for its parent nor steal its frames.
  def after_fork
    @is_forked = true
    @lock = Monitor.new
    @socket = nil
    @reader&.close
  end

  private

  def now = CLOCK.call(Process::CLOCK_MONOTONIC)

  def dial
    dialled = UNIXSocket.new(@path)
    dialled.write(UPGRADE)
    head = +''
    head << dialled.readpartial(1) until head.end_with?("\r\n\r\n") # exactly: frames may follow at once
    return dialled.close && nil unless head.start_with?('HTTP/1.1 101 ')

    @parts, @have, @wanted = [], 0, PREFIX_BYTES
    @attached_at = now
    @lock.synchronize do
      @reader = @socket = dialled
      @on_attached.call
    end
    true
  rescue IOError, SystemCallError
    dialled&.close
    false
  end

  def receive(data)
    @parts << data
    @have += data.bytesize
    return if @have < @wanted

    data = @parts.size == 1 ? data : @parts.join
    at = 0
    @wanted = PREFIX_BYTES
    while data.bytesize - at >= PREFIX_BYTES
      length, type, stream, header_bytes = data.byteslice(at, PREFIX_BYTES).unpack(PREFIX)
      if 4 + length > data.bytesize - at
        @wanted = 4 + length
        break
      end
      header = PARSE.call(data.byteslice(at + PREFIX_BYTES, header_bytes).force_encoding(Encoding::UTF_8))
      body = data.byteslice(at + PREFIX_BYTES + header_bytes, length - 7 - header_bytes)
      at += 4 + length
      @on_frame.call(type, stream, header, body)
    end
    @parts = at < data.bytesize ? [data.byteslice(at..)] : []
    @have = data.bytesize - at
  end
end
