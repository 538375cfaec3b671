# fish completion for understudy: understudy completion fish > ~/.config/fish/completions/understudy.fish

function __understudy_complete
    set -l asked (commandline -opc)
    set -e asked[1]
    set -l current (commandline -oct)
    set -l answer (command understudy completion fish -- $asked "$current" 2> /dev/null)
    set -l path (string replace -r -- '^--[^=]*=' '' "$current")
    switch "$answer[1]"
        case files
            __fish_complete_path "$path"
        case directories
            __fish_complete_directories "$path"
        case words
            set -e answer[1]
            string join -- \n $answer
    end
end

complete -c understudy -e
complete -c understudy -f -a '(__understudy_complete)'
