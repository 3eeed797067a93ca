package main

import (
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/mcp"
)

const mcpLong = `Serves the Model Context Protocol on standard input and output, for an AI assistant that runs this command. The assistant can ask what
is wrong, what happened to a group, why a target has its number of replicas, for rebalances, and what decisions would have cost.

It only reads, and only from the JSON API of a daemon. Names from Kafka are passed on as data: see docs/mcp.md.`

func newMCP() *cobra.Command {
	var p place
	cmd := &cobra.Command{
		Use:     "mcp",
		Short:   "Answer the questions of an AI assistant, with the Model Context Protocol",
		Long:    mcpLong,
		Example: `  lagscaler mcp --server http://localhost:9090`,
		Args:    noArgs,
		RunE:    p.serveAssistant,
	}
	p.serverFlag(cmd)
	return cmd
}

func newPluginMCP(k *kubectl) *cobra.Command {
	p := place{kubectl: k}
	return &cobra.Command{
		Use: "mcp", Short: "Answer the questions of an AI assistant, with the Model Context Protocol", Long: mcpLong,
		Example: `  kubectl lagscaler mcp --service lagscaler/lagscaler`, Args: noArgs, RunE: p.serveAssistant,
	}
}

// serveAssistant serves until the assistant closes the input, or a signal.
func (p *place) serveAssistant(cmd *cobra.Command, _ []string) error {
	err := mcp.Server(thisBuild().Version, p.ask).Run(cmd.Context(), &sdk.StdioTransport{})
	if cmd.Context().Err() != nil {
		return nil // that is how it ends
	}
	return err
}
