package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// newRoot is the command line: one file for each subcommand, one line for each here.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "lagscaler",
		Short: "Measures Kafka consumer lag, detects rebalances, scales consumers, and explains every decision",
		Long: `lagscaler measures the lag of every Kafka consumer group, detects rebalances without changes to the clients, and scales
the Deployments in which the consumers run. It gives the reason for every decision.

Exit codes: 0 success; 1 failure, or a limit was exceeded; 2 wrong flags, arguments or configuration.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return wrong{errors.Join(errors.New("a command is required"), cmd.Help())}
		},
		Args: noArgs,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return wrong{err} })
	root.AddCommand(
		newRun(),
		newInit(),
		newDemo(),
		newRebalances(),
		newPlan(),
		newSimulate(),
		newReplay(),
		newAudit(),
		newExplain(),
		newCompare(),
		newPrice(),
		newBill(),
		newCheckRelease(),
		newLag(),
		newCheck(),
		newRecord(),
		newAlerts(),
		newDashboards(),
		newConvert(),
		newMCP(),
		newVersion(),
	)
	return root
}

// noArgs refuses arguments.
var noArgs = checked(cobra.NoArgs)

// oneName requires one argument, which is the name of something.
func oneName(of string) cobra.PositionalArgs {
	return func(_ *cobra.Command, given []string) error {
		switch len(given) {
		case 0:
			return wrong{errors.New("give the name of " + of)}
		case 1:
			return nil
		}
		return wrong{fmt.Errorf("give one name, not %d", len(given))}
	}
}

// checked makes wrong arguments a mistake of the user.
func checked(args cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		if err := args(cmd, given); err != nil {
			return wrong{err}
		}
		return nil
	}
}
