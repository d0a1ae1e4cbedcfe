// Command pipeline-adapter is the part of a Kratix pipeline's pod that is not its author's: it
// fetches the parent, packs what the steps put out, and hands it over. It decides nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// The limit of the container is 256 MiB: from here on the collector works harder instead.
const mostMemory = 160 << 20

const (
	exitFailed = 1
	exitUsage  = 2
)

var commands = map[string]func(ctx context.Context, flags *flag.FlagSet, args []string) error{
	"reader":        read,
	"work-creator":  pack,
	"update-status": handOver,
}

func main() {
	debug.SetMemoryLimit(mostMemory)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string) int {
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprintln(os.Stderr, "pipeline-adapter: say reader, work-creator or update-status")
		return exitUsage
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	err := commands[args[0]](ctx, flags, args[1:])
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp), errors.Is(err, errUsage):
		return exitUsage
	}
	// What a container writes there if it fails is told to people: see terminationMessagePolicy.
	fmt.Fprintln(os.Stderr, err)
	return exitFailed
}

var errUsage = errors.New("the command cannot be read")

// parse reads the flags; what is wrong with them it has said already.
func parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		return errors.Join(errUsage, err)
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "%s: nobody asked for %q\n", flags.Name(), flags.Args())
		return errUsage
	}
	return nil
}
