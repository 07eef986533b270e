# frozen_string_literal: true

# Threads for handlers where several calls may be in flight: as many as were ever needed at once, never ended.
class Threads
  def initialize(&target)
    @target, @work, @lock = target, Queue.new, Mutex.new
    @count = @idle = @unserved = 0 # unserved: queued without a thread, since the container's limit of processes is reached
  end

  # Calls the block, which must not raise, in a thread that is idle, in a new one, or in the first that comes free.
  def run(*args)
    is_queued = @lock.synchronize do
      if @idle.positive?
        @idle -= 1
        @work << args
      else
        start(args)
      end
    end
    @target.call(*args) unless is_queued # not one thread can be had
  end

  private

  def start(args)
    Thread.new { work_forever(args) }
    @count += 1
  rescue ThreadError
    return nil if @count.zero?

    @unserved += 1
    @work << args
  end

  def work_forever(args)
    loop do
      @target.call(*args)
      @lock.synchronize { @unserved.positive? ? @unserved -= 1 : @idle += 1 }
      args = @work.pop
    end
  end
end
